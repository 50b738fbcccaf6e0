import { type Arm, type Lab, type LoadSize, measure, startArm, warmUp } from './arms.ts';
import { type ArmFindings, describeArm } from './report.ts';
import { startRedis } from './start-redis.ts';
import { startUsher } from './start-usher.ts';

/** More than the load comes to, so that every call is counted and none refused. */
const rateLimit = {
  calls: 1_000_000,
  rules: [
    { per: 'client', calls: 1_000_000 },
    { per: 'user', calls: 1_000_000, tools: ['Get*'] },
  ],
};

/** What it costs to count a call: against one limit, three, and three that are shared. */
export async function measureLimits(
  lab: Lab,
  { rounds, ...size }: LoadSize & { readonly rounds: number },
): Promise<ArmFindings[]> {
  await using stack = new AsyncDisposableStack();
  const redis = await startRedis();
  if (redis !== undefined) stack.use(redis);
  const forms = [
    { name: 'usher, JWT + exchange', settings: {} },
    { name: 'usher, the same with a limit', settings: { rateLimit: { calls: rateLimit.calls } } },
    { name: 'usher, the same with three', settings: { rateLimit } },
    ...(redis === undefined ? [] : [{ name: 'usher, three shared', settings: { rateLimit, stateUrl: redis.url } }]),
  ];
  const arms: Arm[] = [];
  for (const [index, { name, settings }] of forms.entries()) {
    const order = { kind: 'exchange', name: `limits-${index}`, folder: lab.folder, ...settings } as const;
    const ports = { originPort: lab.origin.port, providerPort: lab.provider.port };
    const arm = await startArm(name, () => startUsher({ ...order, ...ports }), lab.tokens);
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
