import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { printJson, printReport } from '../print.ts';
import { readRegistries, registryOptions } from '../options/registry-options.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const { registry, caFile, json, debug } = registryOptions;

/** `usher registry info NAME` */
export const registryInfoCommand: CommandModule = {
  build() {
    const command = buildCommand('usher registry info', {
      summary: 'Shows what usher run would run for a name: package or image, arguments, variables, rights.',
      usage: 'NAME[@VERSION] [--registry NAME] [--json]',
      examples: [
        'usher registry info apollo-mcp-server',
        'usher registry info io.github.acme/server --registry official',
      ],
    });
    return addSimpleOptions(command, [registry, caFile, json, debug]);
  },
  async execute(command, { tail, environment }) {
    const values = new SimpleValues(command, environment);
    const { operands, problems: unknown } = sortLeftovers(command);
    const [name] = operands;
    const wrong: Problem[] =
      operands.length === 1 && name !== '' && tail === undefined
        ? []
        : [{ where: 'NAME', what: 'is the name of a server: one word' }];
    if (unknown.length + wrong.length > 0) throw reportUsage([...unknown, ...wrong]);
    const { registries, problems } = await readRegistries(command, values, environment);
    if (problems.length > 0) throw reportUsage(problems);
    const [{ findServer }, { planServer }, { describePlan }, { entryDigest }] = await Promise.all([
      import('../../registry/find-server.ts'),
      import('../../registry/plan-server.ts'),
      import('../../registry/describe-plan.ts'),
      import('../../registry/entry-digest.ts'),
    ]);
    const entry = await findServer(name ?? '', registries);
    const plan = planServer(entry);
    const { server, source, status } = entry;
    if (values.isSet(json)) printJson({ source, status, digest: entryDigest(entry.raw), server, plan });
    else printReport(describePlan(entry, plan));
    return 0;
  },
};
