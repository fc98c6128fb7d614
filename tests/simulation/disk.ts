// A file system in memory: names that stand for files and sockets, as POSIX has them. Each call is atomic.

export interface Inode {
  readonly id: string
  text: string
  /** The process that listens on it, for a socket that somebody listens on. */
  listener: number | null
  /** The process that bound it, for a socket. */
  readonly boundBy: number | null
}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}

export class Disk {
  readonly names = new Map<string, Inode>()
  isFull = false
  #made = 0

  needSpace(path: string): void {
    if (this.isFull) throw systemError('ENOSPC', path)
  }

  create(path: string, text: string): Inode {
    if (this.names.has(path)) throw systemError('EEXIST', path)
    this.needSpace(path)
    return this.#put(path, { text, listener: null, boundBy: null })
  }

  /** Binds a socket. */
  bind(path: string, listener: number): Inode {
    if (this.names.has(path)) throw systemError('EADDRINUSE', path)
    this.needSpace(path)
    return this.#put(path, { text: '', listener, boundBy: listener })
  }

  link(from: string, to: string): 'linked' | 'exists' | 'absent' {
    const inode = this.names.get(from)
    if (inode === undefined) return 'absent'
    if (this.names.has(to)) return 'exists'
    this.needSpace(to)
    this.names.set(to, inode)
    return 'linked'
  }

  rename(from: string, to: string): void {
    const inode = this.names.get(from)
    if (inode === undefined) throw systemError('ENOENT', from)
    // POSIX: two names of one file stay both.
    if (this.names.get(to) === inode) return
    this.names.delete(from)
    this.names.set(to, inode)
  }

  remove(path: string): void {
    this.names.delete(path)
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`
    const found: string[] = []
    for (const path of this.names.keys()) {
      if (path.startsWith(prefix) && !path.includes('/', prefix.length)) found.push(path.slice(prefix.length))
    }
    return found
  }

  #put(path: string, parts: Omit<Inode, 'id'>): Inode {
    const inode: Inode = { id: `1:${++this.#made}`, ...parts }
    this.names.set(path, inode)
    return inode
  }
}
