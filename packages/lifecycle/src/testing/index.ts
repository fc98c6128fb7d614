// What tests of programs built on the kernel may use: virtual time.
export { ManualClock } from './manual-clock.ts'
