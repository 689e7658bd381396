import { createFakeClock } from '@holdfast/testing'
import { test } from 'vitest'
import { storeContract } from '../../src/contract/store-contract.ts'
import { memoryStore } from '../../src/memory/memory-store.ts'

const contract = storeContract({
  name: 'memory',
  setup() {
    const clock = createFakeClock()
    const store = memoryStore({ clock })
    return { store: () => store, pass: (ms) => clock.advance(ms), close: async () => undefined }
  },
})
for (const { name, run } of contract) test(name, run)
