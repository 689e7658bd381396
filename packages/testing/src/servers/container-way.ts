import { randomUUID } from 'node:crypto'
import { guardContainer } from '../kafka/docker/container-guard.ts'
import { findDaemon, obtainImage } from '../kafka/docker/daemon.ts'
import { messageOf } from '../kafka/provisioning-error.ts'
import type { ServerWay } from './test-server.ts'

export interface ContainerSpec {
  readonly image: string
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  /** The program and the arguments that it always has. */
  readonly command: readonly string[]
  url(host: string, port: number): string
}

/** The server in a container, through testcontainers. */
export function containerWay({ image, port, environment = {}, command, url }: ContainerSpec): ServerWay {
  return {
    label: 'Docker',
    isOwn: true,
    async bringUp({ args }) {
      const daemon = await findDaemon()
      if (daemon === undefined)
        return { absent: 'no Docker daemon answers', remedy: 'start Docker, or set DOCKER_HOST' }
      const missing = await obtainImage(daemon, image, () => undefined)
      if (missing !== undefined) return { absent: missing, remedy: `pull ${image}` }
      const name = `holdfast-server-${randomUUID()}`
      const guardDone = guardContainer(name)
      try {
        const { GenericContainer } = daemon.testcontainers
        const started = await new GenericContainer(image)
          .withName(name)
          .withEnvironment({ ...environment })
          .withExposedPorts(port)
          .withCommand([...command, ...args])
          .start()
        return {
          url: url(started.getHost(), started.getMappedPort(port)),
          title: `Docker (${image})`,
          async dispose() {
            await started.stop()
            guardDone()
          },
        }
      } catch (error) {
        return { absent: `${image} did not start: ${messageOf(error)}` }
      }
    },
  }
}
