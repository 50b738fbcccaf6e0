import { z } from 'zod';

/** What a configuration leaf says about itself beside its type. Options, environment names, help, reference pages and
 * the masking of secrets all follow from it (docs/reference/config.md).
 */
export interface SettingMeta {
  /** One line, starts with a capital letter, no full stop; says what it does, not what it is. */
  readonly help: string;
  /** Flag without the leading dashes. Absent: the leaf is given in another way (`command`: after `--`; `fileOnly`). */
  readonly flag?: string;
  /** One letter that stands for the flag. */
  readonly short?: string;
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
  /** Masked wherever the configuration is shown; gets the twins `--FLAG-file` and `--FLAG-ref`, and the keys `FIELDFile`, `FIELDEnv`, `FIELDRef`. */
  readonly secret?: true;
  /** A path in the file system, or a list of them: relative to the configuration file's folder when it stands there. Before
   * a colon only what has a slash is one.
   */
  readonly path?: true | 'before-colon';
  /** The group it is in says nothing without it, and goes with it. */
  readonly namesGroup?: true;
  /** Too rich for a flag or a variable. */
  readonly fileOnly?: true;
  /** A map that is said as `VALUE,target=NAME`. */
  readonly targeted?: true;
  /** A list whose items may hold commas: its flag is repeated, and in a variable each stands on a line of its own. */
  readonly wholeItems?: true;
  /** A list whose items may also be separated by spaces, as OAuth writes scopes. */
  readonly spaceSeparated?: true;
}

/** All leaves that ever called {@link setting}, with what they said. */
export const settings = z.registry<SettingMeta>();

/** Unions whose strategy can be chosen by a flag of its own. */
export const strategyChoices = z.registry<SettingMeta>();

/** Marks a union of strategies as one that a flag chooses from, by the name of the strategy. */
export function strategySetting<S extends z.ZodDiscriminatedUnion>(schema: S, meta: SettingMeta): S {
  strategyChoices.add(schema, meta);
  return schema;
}

/** Marks a zod schema as a configuration leaf. Call it last: wrappers such as `.optional()` make a new schema.
 *
 * Custom messages of the schema's checks are what is wanted, as a noun: `a plain path such as /mcp`. The report makes
 * `is "x", expected a plain path such as /mcp` of it.
 */
export function setting<S extends z.ZodType>(schema: S, meta: SettingMeta): S {
  if (settings.has(schema))
    throw new TypeError(`The schema of --${meta.flag ?? meta.help} is shared with another setting`);
  settings.add(schema, meta);
  return schema;
}
