// `holdfast config path`: the files that are read, in order; the later wins.
import { showConfig } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { renderFiles } from '../render/config.ts'

export const run: Run = async ({ directory, out, link, signal }) => {
  const { project, files } = await (
    await link()
  ).request(showConfig, { project: directory }, { signal, isIdempotent: true })
  out.result({ project, files }, () => renderFiles(files))
}
