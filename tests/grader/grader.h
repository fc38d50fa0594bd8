/* The commands of the program `grader`: tests/grader/README.md tells what they are for. Each returns the exit
 * status. */
#ifndef GRADER_GRADER_H
#define GRADER_GRADER_H

int grader_export(int argc, char **argv);
int grader_policy(int argc, char **argv);
int grader_similar(int argc, char **argv);

#endif
