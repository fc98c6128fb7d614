#!/usr/bin/env node
// Plain JavaScript that any Node can read: checks the version before anything else is loaded.
await import('../dist/main.js')
