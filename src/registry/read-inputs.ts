import { plain } from '../lib/plain.ts';
import { checkEnvName, checkText, EntryProblem, isOfPeople, quoted } from './refuse-entry.ts';
import type { ArgumentDocument, InputDocument } from './server-document.ts';
import type { Wanted } from './server-plan.ts';

/** The value an entry gives an input, with its variables filled in; undefined where only people know it. */
export function valueOf(input: InputDocument, what: string): string | undefined {
  const template = input.value ?? input.default;
  if (template === undefined) return undefined;
  let isWhole = true;
  const filled = template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(input.variables ?? {}, name) ? input.variables?.[name] : undefined;
    if (variable === undefined) return whole; // as it is: the format says so
    const value = variable.value ?? variable.default;
    if (value === undefined) isWhole = false;
    return value ?? whole;
  });
  return isWhole ? checkText(filled, what) : undefined;
}

/** Arguments of the server's own program: those that are known, and those people have to give.
 * @throws EntryProblem
 */
export function readArguments(list: readonly ArgumentDocument[] = []): { args: string[]; wanted: Wanted[] } {
  const args: string[] = [];
  const wanted: Wanted[] = [];
  for (const one of list) {
    const label = one.type === 'named' ? one.name : (one.valueHint ?? one.placeholder ?? 'an argument');
    const value = valueOf(one, `the argument ${quoted(label)}`);
    if (one.type === 'named') {
      if (!/^--?[A-Za-z0-9][\w.-]*$/.test(one.name))
        throw new EntryProblem(`it has an option that is none: ${quoted(one.name)}`);
      const isFlag =
        one.value === undefined &&
        one.default === undefined &&
        one.isRequired !== true &&
        one.placeholder === undefined;
      // Long ones with =, so that no value can become an option of its own.
      if (isFlag && one.description === undefined) args.push(one.name);
      else if (value === undefined) wanted.push(describeWanted(one.name, one));
      else args.push(...(one.name.startsWith('--') ? [`${one.name}=${value}`] : [one.name, notOption(value)]));
    } else if (value === undefined) wanted.push(describeWanted(label, one));
    else args.push(notOption(value));
  }
  return { args, wanted };
}

/** A value that stands alone must not be taken for an option. */
function notOption(value: string): string {
  if (value.startsWith('-')) throw new EntryProblem(`it hands over ${quoted(value)} as a value, which is an option`);
  return value;
}

/** Environment of the server: what the entry sets, and what people have to give. A default of the entry for what only people can say is
 * left out: unless they give it, it is not set.
 * @throws EntryProblem
 */
export function readEnvironment(list: readonly (InputDocument & { readonly name: string })[] = []): {
  env: Record<string, string>;
  wanted: Wanted[];
} {
  const env: Record<string, string> = {};
  const wanted: Wanted[] = [];
  for (const one of list) {
    const name = checkEnvName(one.name, { isSet: one.value !== undefined });
    const value = valueOf(one, `the variable ${name}`);
    if (isOfPeople(name))
      wanted.push({ ...describeWanted(name, one), ...(value === undefined ? {} : { untaken: value }) });
    else if (value === undefined) wanted.push(describeWanted(name, one));
    else env[name] = value;
  }
  return { env, wanted };
}

export function describeWanted(name: string, input: InputDocument): Wanted {
  return {
    name: checkText(name, 'the name of an input'),
    description: plain(input.description ?? ''),
    isRequired: input.isRequired === true,
    isSecret: input.isSecret === true,
  };
}
