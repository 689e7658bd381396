import { test } from 'vitest'
import { driverContract } from '../../src/contract/driver-contract.ts'
import { fakeEnvironment } from './fake-environment.ts'

for (const { name, run } of driverContract({ name: 'fake driver', setup: () => fakeEnvironment() })) test(name, run)
