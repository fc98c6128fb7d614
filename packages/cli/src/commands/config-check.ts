// `holdfast config check`: exit code 1 when a file has problems.
import { showConfig } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { renderFiles, renderProblems } from '../render/config.ts'

export const run: Run = async ({ directory, out, link, signal }) => {
  const { project, files, problems } = await (
    await link()
  ).request(showConfig, { project: directory }, { signal, isIdempotent: true })
  const isOk = problems.length === 0
  out.result({ ok: isOk, project, files, problems }, () =>
    isOk ? `ok\n${renderFiles(files)}` : renderProblems(problems),
  )
  return isOk ? 0 : 1
}
