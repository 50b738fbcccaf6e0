import type { Draft } from './draft.ts';
import type { Segment } from './leaves.ts';
import { isTree, setOwn, valueAt } from './path.ts';
import { quote } from './quote.ts';
import { readSecret } from './secret-forms.ts';
import type { Finding } from './finding.ts';

/** Puts the secrets that `secretEnv` names into the environment of the servers that are run here; what is wrong with them. */
export function resolveSecretEnv(draft: Draft): Finding[] {
  return draft.servers.flatMap((server) => {
    const base: readonly Segment[] = ['servers', server, 'upstream'];
    const [group, wanted] = [valueAt(draft.tree, base), valueAt(draft.tree, [...base, 'secretEnv'])];
    if (!isTree(group) || !isTree(wanted)) return [];
    const given = group['env'] ?? {};
    // The schema says what is wrong with it.
    if (!isTree(given)) return [];
    const env = { ...given };
    setOwn(group, 'env', env);
    return Object.entries(wanted).flatMap(([variable, text]): Finding[] => {
      const path = [...base, 'secretEnv', variable];
      if (Object.hasOwn(env, variable))
        return [{ path, what: `is for the variable ${quote(variable)}, which env has as well; keep one of the two` }];
      const { findSecret } = draft;
      const { value, problem } = readSecret({ form: 'reference', text, folder: '', environment: {}, findSecret });
      setOwn(env, variable, value.reveal());
      return problem === undefined ? [] : [{ path, what: problem }];
    });
  });
}
