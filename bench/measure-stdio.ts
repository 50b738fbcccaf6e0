import { fileURLToPath } from 'node:url';
import { type Arm, type Lab, type LoadSize, measure, startArm, warmUp } from './arms.ts';
import { type ArmFindings, describeArm } from './report.ts';
import { startUsher } from './start-usher.ts';

const stdio = {
  strategy: 'process',
  transport: 'stdio',
  command: [process.execPath, fileURLToPath(new URL('stdio-origin.ts', import.meta.url))],
};

/** What a call of MCP 2026-07-28 costs the gateway over HTTP, and over the stdin and stdout of a process that all share. */
export async function measureStdio(
  lab: Lab,
  { rounds, ...size }: LoadSize & { readonly rounds: number },
): Promise<ArmFindings[]> {
  await using stack = new AsyncDisposableStack();
  const arms: Arm[] = [];
  for (const { name, upstream } of [
    { name: 'usher, anonymous, HTTP', upstream: undefined },
    { name: 'usher, anonymous, stdio', upstream: stdio },
  ]) {
    const ports = { originPort: lab.origin.port, providerPort: lab.provider.port };
    const order = { kind: 'anonymous', name: name.replaceAll(/\W+/g, '-'), folder: lab.folder, upstream } as const;
    const arm = await startArm(name, () => startUsher({ ...order, ...ports }));
    if (arm.proxy !== undefined) stack.use(arm.proxy);
    arms.push(arm);
  }
  const modern = { ...size, isModern: true };
  for (const arm of arms) await warmUp(arm, lab, modern);
  for (let round = 0; round < rounds; round += 1) {
    for (const arm of arms) await measure(arm, lab, modern);
    for (const arm of arms) await measure(arm, lab, { ...modern, connections: 1, durationMs: size.durationMs / 3 });
  }
  return arms.map(describeArm);
}
