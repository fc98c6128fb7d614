// Half of the seeds, so that two cores share them.
import { declareInterleavings } from './interleavings.ts'

declareInterleavings(50_000, 100_000)
