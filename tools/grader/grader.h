/* The commands of the program `grader`: tools/grader/README.md tells what they are for. Each returns the exit
 * status. */
#ifndef GRADER_GRADER_H
#define GRADER_GRADER_H

#define GRADER_VERSION "1"

int grader_check(int argc, char **argv);
int grader_grade(int argc, char **argv);
int grader_merge(int argc, char **argv);
int grader_doctor(int argc, char **argv);
int grader_adjust(int argc, char **argv);
int grader_export(int argc, char **argv);
int grader_policy(int argc, char **argv);
int grader_similar(int argc, char **argv);

#endif
