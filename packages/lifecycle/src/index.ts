// The public face of @holdfast/lifecycle.
export { errnoOf } from './errors.ts'
