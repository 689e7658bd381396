import type { ContainerRuntimeClient } from 'testcontainers'

import { within } from '../deadline.ts'
import { messageOf } from '../provisioning-error.ts'

const ANSWER_MS = 10_000
const REGISTRY_MS = 10_000
const PULL_MS = 300_000

type Testcontainers = typeof import('testcontainers')

export interface Daemon {
  readonly testcontainers: Testcontainers
  readonly client: ContainerRuntimeClient
}

/** The daemon that testcontainers finds, if it answers. */
export async function findDaemon(): Promise<Daemon | undefined> {
  // Loaded here, since it takes longer than all other ways need to be ruled out.
  const testcontainers = await import('testcontainers')
  try {
    const client = await within(ANSWER_MS, testcontainers.getContainerRuntimeClient())
    return { testcontainers, client }
  } catch {
    return undefined
  }
}

/** Pulls the image unless it is there; otherwise says why it cannot be had. */
export async function obtainImage(
  { testcontainers, client }: Daemon,
  image: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  const name = testcontainers.ImageName.fromString(image)
  if (await client.image.exists(name)) return undefined
  try {
    // A pull from a registry that is out of reach may try for minutes; this question does not.
    await within(REGISTRY_MS, client.container.dockerode.getImage(name.string).distribution())
    log(`kafka: pulling ${image}, once`)
    await within(PULL_MS, client.image.pull(name))
    // A pull that fails half-way ends like one that succeeds.
    return (await client.image.exists(name)) ? undefined : `the pull of ${image} failed`
  } catch (error) {
    return `${image} is not here and cannot be pulled (${messageOf(error)})`
  }
}
