"""What is done with a dataset once it is there; nothing in here calls a model.

verify    is it whole?                         imports   the old system's files, into the schema
compact   many parts into few                  export    what a trainer reads
check     the gate, over any file              report    what is in it, as values (page: as HTML)
"""
