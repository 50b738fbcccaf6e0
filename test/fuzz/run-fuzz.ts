import { parseArgs } from 'node:util';
import { findSeed } from '../kit/seeded-random.ts';
import { describeFailure, fuzzTarget } from './fuzz-target.ts';
import { targets } from './targets.ts';

/** `npm run fuzz [-- --seconds N --seed N TARGET…]`, `npm run fuzz -- --replay BASE64 TARGET`. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(findSeed()) },
    replay: { type: 'string' },
  },
});
const names = positionals.length === 0 ? Object.keys(targets) : positionals;
const unknown = names.filter((name) => targets[name] === undefined);

if (unknown.length > 0) {
  console.error(`There is no target ${unknown.join(', ')}; there are ${Object.keys(targets).join(', ')}`);
  process.exitCode = 2;
} else if (values.replay === undefined) await fuzzAll(Number(values.seed), Number(values.seconds) * 1000);
else await replay(values.replay);

async function fuzzAll(seed: number, ms: number): Promise<void> {
  for (const name of names) {
    const result = await fuzzTarget(name, { seed, ms });
    const { runs, kept, coverage, failure } = result;
    console.log(`${failure === undefined ? '✔' : '✖'} ${name}: ${runs} inputs, ${kept} kept; ran ${coverage}`);
    if (failure === undefined) continue;
    console.log(describeFailure(name, seed, failure));
    process.exitCode = 1;
  }
}

/** In this thread, so that a debugger sees it. */
async function replay(input: string): Promise<void> {
  for (const name of names) {
    await targets[name]?.fuzz(Buffer.from(input, 'base64'));
    console.log(`✔ ${name}`);
  }
}
