/**
 * A schema of Zod, Valibot, ArkType or another library, as Standard Schema 1 describes one
 * (standardschema.dev): the parts of it that are used here.
 */
export interface StandardSchema<Output = unknown> {
  /** What every such library writes in the same way. */
  readonly '~standard': {
    readonly version: 1
    /** The library. */
    readonly vendor: string
    /** Judges a value, and returns it with its defaults. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** For the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
    /** Standard JSON Schema 1: the same as JSON Schema. Default: the schema does not say it. */
    readonly jsonSchema?: StandardJsonSchema | undefined
  }
}

/** Writes a schema as JSON Schema. */
export interface StandardJsonSchema {
  /** What is valid has this form. Throws for what JSON Schema cannot say. */
  output(options: { readonly target: 'draft-2020-12' }): Readonly<Record<string, unknown>>
}

/** The value as the schema has it, or why it is refused. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** One reason. */
export interface SchemaIssue {
  /** May repeat the value. */
  readonly message: string
  /** Where in the value it is: names and indexes. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
