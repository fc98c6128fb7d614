// The version of this package, without reading a file when it runs.
import manifest from '../package.json' with { type: 'json' }

export const { version } = manifest
