#!/usr/bin/env node
// The gate: plain JavaScript that any Node since 10 can read, whatever its module system. It checks the version before
// anything else is loaded, and carries on under a newer Node when one is beside it.
/* eslint-disable */
;(function () {
  var required = [22, 15]

  function atLeast(version) {
    var parts = version.replace(/^v/, '').split('.').map(Number)
    return parts[0] > required[0] || (parts[0] === required[0] && parts[1] >= required[1])
  }

  // The cache of compiled code lies in a folder of the user's own: one in the shared temporary folder could be planted.
  function cacheFolder() {
    var env = process.env
    if (env.HOLDFAST_HOME) return env.HOLDFAST_HOME + '/cache/code'
    if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME + '/holdfast/code'
    return env.HOME ? env.HOME + '/.cache/holdfast/code' : undefined
  }

  if (atLeast(process.versions.node)) {
    var cache = cacheFolder()
    if (cache) process.getBuiltinModule('node:module').enableCompileCache(cache)
    return import('../dist/main.js').catch(function (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || String(error.message).indexOf('dist') < 0) throw error
      console.error('holdfast: this copy of holdfast is not built (' + error.message + ')')
      console.error('  fix: in a clone run `npm run build`; otherwise install the package again')
      process.exit(5)
    })
  }

  return import('./older-node.js').then(function (gate) {
    return gate.carryOn(required, atLeast)
  })
})()
