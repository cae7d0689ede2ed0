/** Describes the group of a client. @param members the clients that serve the name, this one included */
export function otherClients(members: number): string {
  if (members < 2) return "No other client serves this name";
  return `${members - 1} other client${members === 2 ? " serves" : "s serve"} this name too`;
}
