// A recorded conversation: `> TYPE PAYLOAD` is the daemon's frame, `< TYPE PAYLOAD` the keeper's; JSON as text, the rest as hex.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RecordedFrame {
  readonly from: 'daemon' | 'keeper'
  readonly type: number
  readonly payload: Buffer
}

const lastJsonType = 3

/** The conversation of a file in recorded/. */
export function readRecording(name: string): RecordedFrame[] {
  const text = readFileSync(join(import.meta.dirname, 'recorded', name), 'utf8')
  return text.split('\n').flatMap((line) => {
    const match = /^([<>]) (\d+) ?(.*)$/.exec(line)
    if (match === null) return []
    const [, side, type = '', payload = ''] = match
    const isJson = Number(type) <= lastJsonType
    return [
      {
        from: side === '>' ? ('daemon' as const) : ('keeper' as const),
        type: Number(type),
        payload: Buffer.from(payload, isJson ? 'utf8' : 'hex'),
      },
    ]
  })
}

/** What of a frame must not change between versions: everything but what differs from run to run. */
export function comparable({ type, payload }: Omit<RecordedFrame, 'from'>): unknown {
  if (type > lastJsonType) return { type, hex: payload.toString('hex') }
  const volatile = new Set(['pid', 'startTicks', 'startedAt', 'at', 'instance', 'version'])
  const json: unknown = JSON.parse(payload.toString(), (key, value: unknown) => (volatile.has(key) ? undefined : value))
  return { type, json }
}
