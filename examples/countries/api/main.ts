import { runProgram } from '../lib/run-program.ts';
import { readSettings } from './read-settings.ts';

await runProgram(async () => {
  // Loaded after the settings are known to be good: a wrong setting is told at once.
  const settings = readSettings(process.env);
  const { startApi } = await import('./start-api.ts');
  return startApi(settings);
});
