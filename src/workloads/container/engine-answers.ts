import { z } from 'zod';

/** What an engine answers, as far as it is used here: Docker Engine API 1.41 and newer, and Podman's form of it. Podman
 * writes null where Docker leaves things out.
 */
export const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().optional(),
  Arch: z.string().default(''),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

export const infoAnswer = z.object({
  KernelVersion: z.string().default(''),
  SecurityOptions: z.array(z.string()).nullish(),
});

export const imageAnswer = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Architecture: z.string().default(''),
  Config: z
    .object({
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Healthcheck: z.object({ Test: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
});

export const distributionAnswer = z.object({
  Descriptor: z.object({ digest: z.string().regex(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/) }),
});

export const createdAnswer = z.object({ Id: z.string() });

export const waitAnswer = z.object({ StatusCode: z.number() });

const health = z.object({
  Status: z.string(),
  FailingStreak: z.number().default(0),
  Log: z.array(z.object({ Output: z.string().default('') })).nullish(),
});

export const containerAnswer = z.object({
  State: z.object({
    Running: z.boolean(),
    ExitCode: z.number().default(0),
    OOMKilled: z.boolean().default(false),
    Pid: z.number().default(0),
    Health: health.nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string().default('') })).nullish()).nullish(),
    Networks: z.record(z.string(), z.object({ IPAddress: z.string().default('') })).nullish(),
  }),
});

const labels = z.record(z.string(), z.string()).nullish();

export const containersAnswer = z.array(z.object({ Id: z.string(), Labels: labels }));

export const networkAnswer = z.object({
  IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string(), Gateway: z.string().optional() })).nullish() }),
});

export const networksAnswer = z.array(z.object({ Id: z.string(), Labels: labels }));

/** One line of what `images/create` tells while it pulls. */
export const pullLine = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
});

export type ImageAnswer = z.output<typeof imageAnswer>;
export type ContainerAnswer = z.output<typeof containerAnswer>;
