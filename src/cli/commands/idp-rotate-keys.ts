import { reportUsage } from '../../config/report.ts';
import { quote } from '../../config/quote.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { idpFlavours, idpOptions } from '../options/idp-options.ts';
import { print } from '../print.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher idp rotate-keys [SERVER]` */
export const idpRotateKeysCommand: CommandModule = {
  build() {
    const command = buildCommand('usher idp rotate-keys', {
      summary:
        'Makes new signing keys for the development identity provider. One that runs takes them over with its next request.',
      usage: '[options] [SERVER]',
      examples: ['usher idp rotate-keys', 'usher idp rotate-keys backend --state-dir .usher/idp'],
    });
    return addSimpleOptions(command, [idpOptions.flavour, idpOptions.seed, idpOptions.stateDir, idpOptions.debug]);
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const flavour = values.choice(idpOptions.flavour, idpFlavours);
    const seedFile = values.text(idpOptions.seed);
    const stateDir = values.text(idpOptions.stateDir) ?? '';
    const { operands, problems } = sortLeftovers(command);
    const tooMany = operands.length > 1 || tail !== undefined;
    const all = [
      ...problems,
      ...(flavour !== 'okta' && operands.length > 0
        ? [{ where: 'SERVER', what: `is given, but ${flavour} has one issuer for all of them; leave it out` }]
        : []),
      ...(tooMany ? [{ where: 'arguments', what: 'are too many: expected one SERVER' }] : []),
      ...values.problems,
    ];
    if (all.length > 0) throw reportUsage(all);
    const [{ readSeed }, { rotateSigningKeys }, { findOrgData }] = await Promise.all([
      import('../../idp/seed/read-seed.ts'),
      import('../../idp/signing-keys.ts'),
      import('../../idp/state/org-state.ts'),
    ]);
    const wanted = operands[0];
    if (flavour !== 'okta') {
      // One issuer for all its servers.
      const keys = await rotateSigningKeys(stateDir, flavour, Date.now());
      print(`${flavour} signs with ${keys.current.kid} from now on; next is ${keys.next.kid}`);
      return 0;
    }
    const seed = await readSeed(seedFile);
    // Also those that were made through the management API.
    const { servers } = (await findOrgData(stateDir, seed)).data ?? seed;
    const chosen = servers.filter(({ id }) => wanted === undefined || id === wanted);
    if (chosen.length === 0) {
      const known = servers.map(({ id }) => id).join(', ');
      throw reportUsage([{ where: 'SERVER', what: `is ${quote(wanted)}, expected one of ${known}` }]);
    }
    const rotated = await Promise.all(
      chosen.map(async ({ id }) => ({ id, keys: await rotateSigningKeys(stateDir, id, Date.now()) })),
    );
    for (const { id, keys } of rotated)
      print(`${id} signs with ${keys.current.kid} from now on; next is ${keys.next.kid}`);
    return 0;
  },
};
