import { z } from 'zod';
import { setting } from '../../model/setting.ts';

/** Settings of the `jsonl` audit sink: one JSON line per record, appended to a file (mode 0600) or to stdout. */
export const jsonlSchema = z.strictObject({
  file: setting(z.string().min(1).default('-'), {
    help: 'Where the audit trail goes; - is stdout, for a server in the background a file of its own',
    flag: 'audit-file',
    group: 'Audit and log',
    placeholder: 'PATH',
    example: '/var/log/usher/audit.jsonl',
    path: true,
  }),
  whenUnwritable: setting(z.enum(['refuse', 'continue']).default('refuse'), {
    help: 'What happens to calls while the audit trail cannot be written; with continue its lines can be lost',
    flag: 'audit-when-unwritable',
    group: 'Audit and log',
  }),
});

export type JsonlSettings = z.output<typeof jsonlSchema>;
