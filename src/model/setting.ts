import { z } from 'zod';

/** What a configuration leaf says about itself beside its type. Options, environment names, help, reference pages and
 * the masking of secrets all follow from it (docs/explain/configuration.md).
 */
export interface SettingMeta {
  /** One line, starts with a capital letter, no full stop; says what it does, not what it is. */
  readonly help: string;
  /** Flag without the leading dashes. Absent: the leaf has a YAML form only (lists of objects). */
  readonly flag?: string;
  /** Older or foreign spellings of the flag that keep working. */
  readonly flagAliases?: readonly string[];
  /** Environment name; derived from the flag (USHER_ + upper snake case) when absent. */
  readonly env?: string;
  /** Other environment names that are read too, for people who move over. */
  readonly envAliases?: readonly string[];
  /** Heading in `--help` and on the reference page. */
  readonly group: string;
  /** What stands for the value in help, for example URL or SECONDS. */
  readonly placeholder?: string;
  readonly example?: string;
  /** Masked wherever the configuration is shown; gets a `--FLAG-file` twin and a `FIELDFile` key. */
  readonly secret?: true;
}

/** All leaves that ever called {@link setting}, with what they said. */
export const settings = z.registry<SettingMeta>();

/** Marks a zod schema as a configuration leaf. Call it last: wrappers such as `.optional()` make a new schema. */
export function setting<S extends z.ZodType>(schema: S, meta: SettingMeta): S {
  settings.add(schema, meta);
  return schema;
}
