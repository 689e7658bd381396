/** A class whose constructor needs no argument. */
export type DefaultConstructible = new () => object

/** A class with any constructor. */
// biome-ignore lint/suspicious/noExplicitAny: containers type constructors with any, and never[] does not fit that
export type WorkerClass = new (...args: any[]) => object

/** An instance, and not a class. */
export type WorkerInstance = object & { readonly prototype?: never }

/** Answers the instance of a class, as a container does. */
export type Resolve = (cls: WorkerClass) => object | Promise<object>
