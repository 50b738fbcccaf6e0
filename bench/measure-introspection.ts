import { type Arm, type Lab, type LoadSize, measure, startArm, warmUp } from './arms.ts';
import { type ArmFindings, describeArm } from './report.ts';
import { type GatewayKind, startUsher } from './start-usher.ts';

const kinds: readonly { readonly name: string; readonly kind: GatewayKind }[] = [
  { name: 'usher, JWT', kind: 'jwt' },
  { name: 'usher, introspection, 30 s', kind: 'introspection' },
  { name: 'usher, introspection for each call', kind: 'introspection-each' },
];

/** What a call costs whose token is verified here, was asked about a moment ago, and is asked about each time. */
export async function measureIntrospection(
  lab: Lab,
  { rounds, ...size }: LoadSize & { readonly rounds: number },
): Promise<ArmFindings[]> {
  await using stack = new AsyncDisposableStack();
  const arms: Arm[] = [];
  for (const { name, kind } of kinds) {
    const order = { kind, folder: lab.folder, originPort: lab.origin.port, providerPort: lab.provider.port };
    const arm = await startArm(name, () => startUsher(order), lab.tokens);
    if (arm.proxy !== undefined) stack.use(arm.proxy);
    arms.push(arm);
  }
  for (const arm of arms) await warmUp(arm, lab, size);
  for (let round = 0; round < rounds; round += 1) {
    for (const arm of arms) await measure(arm, lab, size);
    for (const arm of arms) await measure(arm, lab, { connections: 1, durationMs: size.durationMs / 3 });
  }
  return arms.map(describeArm);
}
