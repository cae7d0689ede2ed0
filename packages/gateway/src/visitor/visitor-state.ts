/**
 * The states of a visitor that speaks HTTP/1.
 *
 *     head ──► body ──► response ──whole response written──► flushing ──sent──► head …
 *      │        │          ├──101──► switched ──► closed
 *      │        │          └──broke off──► closing ──► closed
 *      │        └──last response written──► lingering ──► closed
 *      ├──a step of the route waits──► parked ──decided──► body or response
 *      └──► delegated
 */
export type VisitorState =
  "head" | "parked" | "body" | "response" | "flushing" | "switched" | "lingering" | "closing" | "closed" | "delegated";
