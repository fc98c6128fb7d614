// Two peers over a unix socket, with schemas, against newline JSON with neither.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { LineSplitter, method, Peer } from '@holdfast/protocol'
import * as v from 'valibot'
import { inTurns } from '../measure.ts'
import { asRatio, type Figure, type Row } from '../row.ts'

const Params = v.object({ text: v.string(), count: v.number() })
const echo = method('echo', Params, Params)

async function listening(path: string, server: Server): Promise<Server> {
  server.listen(path)
  await once(server, 'listening')
  return server
}

/** Answers each line of JSON by the same, parsed and written anew. */
function bareEcho(): Server {
  return createServer((socket) => {
    const splitter = new LineSplitter(1 << 20, {
      line: (bytes) => socket.write(`${JSON.stringify(JSON.parse(bytes.toString()))}\n`),
      oversized: () => socket.destroy(),
    })
    socket.on('data', (chunk: Buffer) => splitter.push(chunk))
  })
}

async function measure(): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-bench-'))
  const peers = createServer((socket) => new Peer(socket).handle(echo, (params) => params))
  const servers = [await listening(join(folder, 'a'), peers), await listening(join(folder, 'b'), bareEcho())]
  const peer = new Peer(connect(join(folder, 'a')))
  const bare = connect(join(folder, 'b'))
  let wake: (value: unknown) => void = () => undefined
  const splitter = new LineSplitter(1 << 20, {
    line: (bytes) => wake(JSON.parse(bytes.toString())),
    oversized: () => undefined,
  })
  bare.on('data', (chunk: Buffer) => splitter.push(chunk))
  const params = { text: 'a small request', count: 42 }
  const request = { jsonrpc: '2.0', id: 1, method: 'echo', params }
  const compared = await inTurns(
    () => peer.request(echo, params),
    () =>
      new Promise((resolve) => {
        wake = resolve
        bare.write(`${JSON.stringify(request)}\n`)
      }),
    { turns: 10, batch: 1000, warmUp: 3 },
  )
  peer.destroy()
  bare.destroy()
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true })
  return asRatio(compared, 2)
}

export const peerRows: readonly Row[] = [{ name: 'peer to peer, against a bare echo', measure }]
