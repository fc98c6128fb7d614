// A listening socket at a private path, which no other user can reach at any instant: it is made under umask 0177.
import { createServer, type Server, type Socket } from 'node:net'
import { errnoOf, fileError, LifecycleError } from '../errors.ts'
import { socketPathLimitBytes } from '../folders.ts'

export interface Listener {
  readonly path: string
  /** Ends listening; the path is unlinked by the runtime. Open connections stay. */
  close(): void
  /** Keeps the process no longer alive, and touches nothing. */
  abandon(): void
}

/** Listens at `path`. Throws `socket-path-too-long`, `socket-unusable`, `disk-full`, `too-many-files`, `folder-unwritable`. */
export async function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Listener> {
  const length = Buffer.byteLength(path)
  if (length > socketPathLimitBytes) {
    throw new LifecycleError(
      'socket-path-too-long',
      `${path} has ${length} bytes; a socket path may have ${socketPathLimitBytes}`,
    )
  }
  const server = createServer(onConnection)
  try {
    await listening(server, path)
  } catch (error) {
    if (errnoOf(error) === 'EADDRINUSE' || errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOTSUP') {
      throw new LifecycleError('socket-unusable', `cannot listen at ${path}: ${errnoOf(error)}`, { cause: error })
    }
    throw fileError('listen at', path, error)
  }
  return { path, close: () => void server.close(), abandon: () => void server.unref() }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    // Binding happens inside of this call, so that no other code runs under this umask.
    const before = process.umask(0o177)
    try {
      server.listen(path)
    } finally {
      process.umask(before)
    }
  })
}
