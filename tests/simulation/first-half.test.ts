// Half of the seeds, so that two cores share them.
import { declareInterleavings } from './interleavings.ts'

declareInterleavings(0, 50_000)
