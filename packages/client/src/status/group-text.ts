/** What a client of a group is told of the others. @param members the clients that serve the name, this one included */
export function otherClients(members: number): string {
  if (members < 2) return "No other client serves this name";
  return `${members - 1} other client${members === 2 ? " serves" : "s serve"} this name too`;
}
