// Keeps what the runtime compiled, where NODE_COMPILE_CACHE names a folder for it. The runtime itself does so at an orderly exit
// only, and a daemon may never have one: without this each start after a crash would compile anew.

/** When the start is over and the first requests are answered. */
const settledMs = 1000

/** Writes the cache of compiled code once, a little later; nothing where there is none. Returns at once and keeps nothing alive. */
export function keepCompiledCode(): void {
  setTimeout(() => process.getBuiltinModule('node:module').flushCompileCache(), settledMs).unref()
}
