export {
  type ContractTest,
  type DriverContractOptions,
  type DriverEnvironment,
  driverContract,
} from './contract/driver-contract.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export {
  type CommitFault,
  type CommitSeen,
  type Damage,
  FakeBroker,
  type FakeDriverOptions,
  type FakeRecord,
  type FetchFaults,
  fakeBroker,
  type MemberChoice,
  type OutputRefusal,
  type TransactionFault,
  type TransactionSeen,
  type TransactionStep,
} from './fake-driver.ts'
export {
  type KafkaCluster,
  type KafkaOptions,
  type KafkaVia,
  kafka,
  type ProvisioningCode,
  ProvisioningError,
  type SaslCredentials,
  type TriedWay,
} from './kafka/kafka.ts'
export { postgres } from './servers/postgres.ts'
export { redis } from './servers/redis.ts'
export type { ServerProcess, TestServer, TestServerOptions } from './servers/test-server.ts'
