import { leaves } from '../../config/leaves.ts';
import { environmentNames } from '../../config/read-environment.ts';

const endings = ['', '_FILE', '_REF'];
const names = new Set(
  leaves.flatMap((leaf) => environmentNames(leaf).flatMap((name) => endings.map((end) => name + end))),
);
/** Beside settings: of other commands, some of them secrets. Where the secret store is and what opens it is no setting. */
const ofStore = /^USHER_SECRETS_/;

/** Does a variable say a setting, or something for this command alone, that no process started later needs to see? */
export function keepsSetting(variable: string): boolean {
  return names.has(variable) || (variable.startsWith('USHER_') && !ofStore.test(variable));
}
