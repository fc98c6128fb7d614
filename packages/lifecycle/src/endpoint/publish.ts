// Makes a socket that already listens the public one, at one instant: a second name beside, renamed over the public name.
// Invariants: only the holder of the claim calls this (K2); no socket is ever unlinked under a live daemon (K25).
import { basename, join } from 'node:path'
import { unfinishedSuffix } from '../atomic-file.ts'
import type { ClaimPorts } from '../claim/ports.ts'
import { fileError } from '../errors.ts'
import type { Place } from '../place.ts'

/** A published socket. */
export interface Publication {
  readonly inode: string
}

/**
 * Publishes the private socket of `epoch`, which must be listening. Its private name stays: it is what a lost public name is
 * made anew from. Throws `disk-full`, `folder-unwritable`.
 */
export async function publish(place: Place, epoch: number, ports: ClaimPorts): Promise<Publication> {
  const { files, failpoint } = ports
  const own = place.privateSocket(epoch)
  const beside = `${own}.new`
  try {
    await files.remove(beside)
    if ((await files.link(own, beside)) !== 'linked') throw new Error(`${own} is not there`)
    failpoint('publish.linked')
    await files.rename(beside, place.publicSocket)
    // A rename between two names of one file does nothing, so that the second name would stay.
    await files.remove(beside)
    failpoint('publish.renamed')
    const inode = await files.inode(own)
    if (inode === null) throw new Error(`${own} vanished`)
    return { inode }
  } catch (error) {
    throw fileError('publish the socket', place.publicSocket, error)
  }
}

/** Whether the public name stands for our socket. */
export async function isPublished(place: Place, publication: Publication, ports: ClaimPorts): Promise<boolean> {
  return (await ports.files.inode(place.publicSocket)) === publication.inode
}

/** Takes the public name away if it is ours. Only while the claim is held: nobody else can publish in between. */
export async function unpublish(place: Place, publication: Publication, ports: ClaimPorts): Promise<void> {
  if (await isPublished(place, publication, ports)) await ports.files.remove(place.publicSocket)
}

/** Removes what earlier epochs left: private sockets, and files that were never put in place. Only while the claim is held. */
export async function removeLeftovers(place: Place, epoch: number, ports: ClaimPorts): Promise<void> {
  const own = basename(place.privateSocket(epoch))
  const isOld = (name: string): boolean =>
    name.startsWith(`${place.role}.i`) && name !== own && /^\d+(?:\.new)?$/.test(name.slice(place.role.length + 2))
  const isUnfinished = (name: string): boolean => name.startsWith(`.${place.role}.`) && name.endsWith(unfinishedSuffix)
  for (const folder of new Set([place.sockets, place.run, place.claim])) {
    for (const name of await ports.files.list(folder)) {
      if (isOld(name) || isUnfinished(name)) await ports.files.remove(join(folder, name))
    }
  }
}
