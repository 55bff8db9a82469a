import type { Compilable, CompiledQuery } from 'kysely'

/** The place of a value in a statement. */
class Place {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * A statement that is built and compiled once, when it is needed first, for those that requests wait for: what
 * differs from one call to the next is filled in.
 *
 * @param build Makes the statement. It may only pass the values on, since they are places here: whatever it decides
 * by one of them, and whatever it makes of one, would be so for every call.
 */
export function createTemplate<Values extends object, Row>(
  build: (values: Values) => Compilable<Row>,
): (values: Values) => CompiledQuery<Row> {
  const places = new Proxy({}, { get: (_, name) => new Place(String(name)) })
  let compiled: CompiledQuery<Row> | undefined
  return (values) => {
    compiled ??= build(places as Values).compile()
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Place ? values[parameter.name as keyof Values] : parameter,
    )
    return { ...compiled, parameters }
  }
}
