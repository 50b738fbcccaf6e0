import { homedir } from 'node:os';

/** The home folder by the system's list of users, where the environment names none. A user it does not know, as in containers,
 * has none: then it is a folder that does not exist, and what is wanted from it says so.
 */
export function homeOfSystem(): string {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}
