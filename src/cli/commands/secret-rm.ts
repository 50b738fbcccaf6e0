import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note } from '../print.ts';
import { readSecretName, secretOptions, unknownSecret } from '../options/secret-options.ts';
import { addSimpleOptions } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher secret rm NAME` */
export const secretRmCommand: CommandModule = {
  build() {
    const command = buildCommand('usher secret rm', {
      summary: 'Forgets a secret. Where it was issued it is as good as before: take it back there as well.',
      usage: 'NAME [options]',
      examples: ['usher secret rm okta-gateway'],
    });
    return addSimpleOptions(command, [secretOptions.debug]);
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const name = readSecretName(operands, tail, { problems, own: true });
    const store = openSecretStore(environment);
    if (!(await store.remove(name))) throw unknownSecret(name, store);
    note(`Forgot ${name}`);
    return 0;
  },
};
