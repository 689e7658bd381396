/** Any will do, the same for all: every cluster has ports and data of its own. */
export const CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw'
