// `holdfast config show`: what applies in this directory, merged, and where it comes from.
import { showConfig } from '@holdfast/protocol'
import type { Run } from '../command.ts'
import { renderFiles, renderProblems } from '../render/config.ts'

export const run: Run = async ({ directory, out, link, signal }) => {
  const shown = await (await link()).request(showConfig, { project: directory }, { signal, isIdempotent: true })
  out.result(shown, () =>
    [
      `project ${shown.project}`,
      renderFiles(shown.files),
      JSON.stringify(shown.config, null, 2),
      ...(shown.problems.length === 0 ? [] : [renderProblems(shown.problems)]),
    ].join('\n'),
  )
}
