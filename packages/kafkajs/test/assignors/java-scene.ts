import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import { TestCluster } from '../support/test-cluster.ts'
import { findJavaClient, JavaMembers } from './java-members.ts'

export interface JavaScene {
  readonly java: JavaMembers
  readonly cluster: TestCluster
}

/** Java members beside ours for the tests of a file; where the Java client is missing they are left out, and say why. */
export async function javaScene(): Promise<JavaScene> {
  const client = await findJavaClient()
  let java: JavaMembers | undefined
  let cluster: TestCluster | undefined
  beforeAll(async () => {
    cluster = await TestCluster.connect(inject('kafkaBrokers'))
    if (!('missing' in client)) java = new JavaMembers(client, cluster.brokers)
  })
  afterAll(async () => {
    await java?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })
  beforeEach(({ skip }) => {
    if ('missing' in client) skip(client.missing)
  })
  return {
    get java() {
      return java as JavaMembers
    },
    get cluster() {
      return cluster as TestCluster
    },
  }
}
