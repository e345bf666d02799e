/** The door `layover/react`. */
export {}
