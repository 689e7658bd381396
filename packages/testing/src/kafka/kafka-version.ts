/** Of the jars and the image. `jars.lock`, the pom and the checkpoint belong to this version. */
export const KAFKA_VERSION = '4.4.0'
