import { KAFKA_VERSION } from '../kafka-version.ts'
import { messageOf } from '../provisioning-error.ts'
import type { BringUp, Way } from '../way.ts'
import { startContainer } from './container.ts'
import { findDaemon, obtainImage } from './daemon.ts'

/**
 * One broker in a container: the official image, or that of KAFKA_IMAGE, pulled if need be. The
 * daemon is the one that testcontainers finds by the variables of this process (DOCKER_HOST).
 */
export const docker: Way = {
  via: 'docker',
  label: 'Docker',
  async bringUp(request): Promise<BringUp> {
    if (request.brokers > 1)
      return { absent: 'Docker brings up one broker only', remedy: 'three take the local JVM: HOLDFAST_KAFKA=jvm' }
    const daemon = await findDaemon()
    if (daemon === undefined)
      return {
        absent: 'no Docker daemon answers',
        remedy: 'start Docker, or set DOCKER_HOST',
      }
    const image = request.env.KAFKA_IMAGE || `apache/kafka:${KAFKA_VERSION}`
    const missing = await obtainImage(daemon, image, request.log)
    if (missing !== undefined)
      return {
        absent: missing,
        remedy: 'pull it, build it with docker/build-kafka-image.sh, or name another by KAFKA_IMAGE',
      }
    try {
      return { up: await startContainer(request, daemon, image) }
    } catch (error) {
      return { absent: `${image} did not start: ${messageOf(error)}` }
    }
  },
}
