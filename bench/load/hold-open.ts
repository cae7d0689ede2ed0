import { report } from "./settings.ts";

/** How many connections a script keeps open until it ends, and how many it opens at the same time. */
export interface Crowd {
  count: number;
  together: number;
}

/** Opens them all. Reports { open } when they are open. */
export async function holdOpen({ count, together }: Crowd, open: () => Promise<unknown>): Promise<void> {
  let next = 0;
  const openSome = async (): Promise<void> => {
    while (next < count) {
      next++;
      await open();
    }
  };
  await Promise.all(Array.from({ length: together }, openSome));
  report({ open: count });
}
