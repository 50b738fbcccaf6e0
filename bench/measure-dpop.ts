import { type Arm, type Lab, type LoadSize, measure, startArm, warmUp } from './arms.ts';
import { type ArmFindings, describeArm } from './report.ts';
import { startUsher } from './start-usher.ts';

const forms = [
  { name: 'usher, JWT + exchange', proves: false, binds: false },
  { name: 'usher, callers with proofs', proves: true, binds: false },
  { name: 'usher, proofs for the server', proves: false, binds: true },
  { name: 'usher, both', proves: true, binds: true },
] as const;

/** The same for all: the load generator, which makes proofs too, must not be what a slower arm waits for, and a call costs
 * more where there are few.
 */
const ratePerSecond = 400;

/** What a proof of possession (RFC 9449) costs a call: one of the caller to check, one for the server behind to make. */
export async function measureDpop(
  lab: Lab,
  { rounds, ...size }: LoadSize & { readonly rounds: number },
): Promise<ArmFindings[]> {
  await using stack = new AsyncDisposableStack();
  const { jkt } = await lab.load.ask('key', {});
  const { tokens: bound } = await lab.provider.ask('sign', { count: lab.tokens.length, jkt });
  const arms: Arm[] = [];
  for (const [index, { name, proves, binds }] of forms.entries()) {
    const order = {
      kind: binds ? 'exchange-bound' : 'exchange',
      name: `dpop-${index}`,
      folder: lab.folder,
      originPort: lab.origin.port,
      providerPort: lab.provider.port,
    } as const;
    const arm = await startArm(name, () => startUsher(order), proves ? bound : lab.tokens);
    if (arm.proxy !== undefined) stack.use(arm.proxy);
    arms.push(proves ? { ...arm, proofUrl: `http://localhost:${arm.port}/mcp` } : arm);
  }
  for (const arm of arms) await warmUp(arm, lab, size);
  for (let round = 0; round < rounds; round += 1) {
    for (const arm of arms) await measure(arm, lab, { ...size, ratePerSecond });
    for (const arm of arms) await measure(arm, lab, { connections: 1, durationMs: size.durationMs / 3 });
  }
  return arms.map(describeArm);
}
