// What a failed connection means. Total: each errno has one meaning, and one that we do not know is never a reason to start a
// second daemon or to end one.

/**
 * `absent`: no such name. `refused`: a name that nobody listens on. `silent`: somebody is there but takes no connection.
 * `forbidden`: starting a daemon cannot help.
 */
export type ConnectFailure = 'absent' | 'refused' | 'silent' | 'forbidden'

/** The meaning of the errno of connect(2). Pure. */
export function classifyErrno(errno: string | undefined): ConnectFailure {
  switch (errno) {
    case 'ENOENT':
      return 'absent'
    // A regular file, FIFO or folder in the place of the socket, or a connection that broke before it was greeted.
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ENOTSOCK':
    case 'EPROTOTYPE':
      return 'refused'
    case 'EAGAIN':
    case 'ETIMEDOUT':
      return 'silent'
    case undefined:
    default:
      return 'forbidden'
  }
}
