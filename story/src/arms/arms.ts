import type { Arm } from './arm.ts'
import { holdfast, holdfast20 } from './holdfast.ts'
import { manualCure } from './manual-cure.ts'
import { rawEachBatch } from './raw-each-batch.ts'
import { rawEachMessage } from './raw-each-message.ts'

/** In the order in which they run. */
export const ARMS: readonly Arm[] = [rawEachBatch, rawEachMessage, manualCure, holdfast, holdfast20]
