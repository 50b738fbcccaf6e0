import type { Command } from 'commander';
import { environmentName, leafOfFlag, workloadLeaf } from '../../config/leaves.ts';
import type { GivenFlag } from '../../config/read-flags.ts';
import type { Problem } from '../../config/source.ts';
import { containPackage } from '../../packages/contain-package.ts';
import { spellPackage } from '../../packages/package.ts';
import { textsOf } from '../command.ts';
import { packageOptions } from '../options/package-options.ts';
import type { ReadTarget } from './read-target.ts';
import { SimpleValues } from '../options/simple-options.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Its runner fetches the package when the container starts. */
const startSeconds = '300';

/** Makes a container of a package where that is asked for; any other target stays as it is. */
export function containTarget(command: Command, target: ReadTarget, environment: Environment): ReadTarget {
  const values = new SimpleValues(command, environment);
  const image = values.text(packageOptions.runtimeImage);
  if (!values.isSet(packageOptions.inContainer)) {
    const what = 'means nothing without --in-container';
    return image === undefined ? target : withProblem(target, { where: '--runtime-image', what });
  }
  const { package: wanted, flags } = target;
  if (wanted === undefined) {
    const what = 'is for packages: npx:NAME, uvx:NAME, go:PATH; an image runs in a container anyway';
    return withProblem(target, { where: '--in-container', what });
  }
  const { version = '', isPinned } = wanted;
  const what = `is ${spellPackage(wanted)}: in a container give its exact version behind an @, or each restart could run another`;
  const problems = isPinned ? target.problems : [...target.problems, { where: 'PACKAGE', what }];
  const allowsScripts = values.isSet(packageOptions.allowInstallScripts);
  const contained = containPackage({ ...wanted, version }, { allowsScripts, image });
  addTo(
    command,
    'env',
    Object.entries(contained.env).map(([name, value]) => `${name}=${value}`),
  );
  addTo(command, 'volume', [contained.volume]);
  const words = flags.find(({ leaf }) => leaf === workloadLeaf('command'))?.texts.slice(1) ?? [];
  const others = flags.filter(({ leaf }) => leaf !== workloadLeaf('command'));
  const label = spellPackage(wanted);
  const own: GivenFlag[] = [
    { leaf: workloadLeaf('image'), label, texts: [contained.image] },
    { leaf: workloadLeaf('args'), label, texts: [...contained.args, ...words] },
  ];
  if (textsOf(command, 'startTimeout').length === 0 && environment[environmentName('start-timeout')] === undefined)
    own.push({ leaf: leafOfFlag('start-timeout'), label, texts: [startSeconds] });
  return { flags: [...own, ...others], problems };
}

/** Beside what the command line says, which wins. */
function addTo(command: Command, attribute: string, texts: readonly string[]): void {
  const given = textsOf(command, attribute);
  const keys = new Set(given.map((text) => text.split('=')[0]));
  command.setOptionValue(attribute, [...texts.filter((text) => !keys.has(text.split('=')[0])), ...given]);
}

function withProblem(target: ReadTarget, problem: Problem): ReadTarget {
  return {
    flags: target.flags,
    problems: [...target.problems, problem],
    ...(target.name === undefined ? {} : { name: target.name }),
  };
}
